-- The tables that every context's database has. See src/adapters/shared/sql.

CREATE TABLE event_log (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    event_id TEXT NOT NULL UNIQUE,
    event_type TEXT NOT NULL,
    version INTEGER NOT NULL,
    subject TEXT NOT NULL,
    payload TEXT NOT NULL,
    occurred_at TIMESTAMP NOT NULL,
    correlation_id TEXT NOT NULL,
    trace_parent TEXT
);

CREATE TABLE idempotency_keys (
    scope TEXT NOT NULL,
    key TEXT NOT NULL,
    operation TEXT NOT NULL,
    fingerprint TEXT NOT NULL,
    answer TEXT,
    created_at TIMESTAMP NOT NULL,
    PRIMARY KEY (scope, key)
);

CREATE INDEX idempotency_keys_created_at ON idempotency_keys (created_at);

CREATE TABLE consumer_positions (
    consumer TEXT NOT NULL PRIMARY KEY,
    position BIGINT NOT NULL CHECK (position >= 0)
);

CREATE TABLE dead_letters (
    consumer TEXT NOT NULL,
    seq BIGINT NOT NULL,
    event_id TEXT NOT NULL,
    event_type TEXT NOT NULL,
    version INTEGER NOT NULL,
    subject TEXT NOT NULL,
    payload TEXT NOT NULL,
    occurred_at TIMESTAMP NOT NULL,
    correlation_id TEXT NOT NULL,
    trace_parent TEXT,
    reason TEXT NOT NULL,
    attempts INTEGER NOT NULL,
    parked_at TIMESTAMP NOT NULL,
    PRIMARY KEY (consumer, seq)
);

CREATE INDEX dead_letters_subject ON dead_letters (consumer, subject);

CREATE TABLE sagas (
    id TEXT NOT NULL PRIMARY KEY,
    kind TEXT NOT NULL,
    subject TEXT NOT NULL,
    status TEXT NOT NULL CHECK (status IN ('running', 'compensating', 'done', 'failed', 'stuck')),
    position INTEGER NOT NULL,
    state TEXT NOT NULL,
    attempts INTEGER NOT NULL,
    reason TEXT,
    lease_owner TEXT NOT NULL,
    lease_until TIMESTAMP NOT NULL,
    next_attempt_at TIMESTAMP NOT NULL,
    created_at TIMESTAMP NOT NULL,
    updated_at TIMESTAMP NOT NULL
);

CREATE INDEX sagas_open ON sagas (created_at) WHERE status IN ('running', 'compensating', 'stuck');
CREATE INDEX sagas_subject ON sagas (subject);
