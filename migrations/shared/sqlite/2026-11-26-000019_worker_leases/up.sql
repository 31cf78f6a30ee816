-- Which process does what only one of several may do at a time. See docs/adr/0019.

CREATE TABLE worker_leases (
    name TEXT NOT NULL PRIMARY KEY,
    owner TEXT NOT NULL,
    until TIMESTAMP NOT NULL
);
