-- Stock levels, the ledger of their movements, and the reservations. The CHECKs are the last guard: whatever the program
-- gets wrong, no piece is promised twice.
-- Keys compare by bytes, as they do on PostgreSQL with COLLATE "C": both databases give the same pages.

CREATE TABLE stock_levels (
    product_id TEXT NOT NULL,
    location TEXT NOT NULL,
    on_hand BIGINT NOT NULL CHECK (on_hand >= 0),
    reserved BIGINT NOT NULL CHECK (reserved >= 0),
    version BIGINT NOT NULL,
    PRIMARY KEY (product_id, location),
    CHECK (reserved <= on_hand)
);

CREATE TABLE stock_movements (
    id TEXT NOT NULL PRIMARY KEY,
    product_id TEXT NOT NULL,
    location TEXT NOT NULL,
    kind TEXT NOT NULL CHECK (kind IN ('receive', 'adjust', 'recount', 'sale', 'return')),
    quantity BIGINT NOT NULL,
    on_hand_after BIGINT NOT NULL CHECK (on_hand_after >= 0),
    reason TEXT NOT NULL,
    reservation_id TEXT,
    occurred_at TIMESTAMP NOT NULL
);

CREATE INDEX stock_movements_product ON stock_movements (product_id, id);

CREATE TABLE reservations (
    id TEXT NOT NULL PRIMARY KEY,
    order_id TEXT NOT NULL,
    status TEXT NOT NULL CHECK (status IN ('active', 'committed', 'released', 'expired', 'returned')),
    expires_at TIMESTAMP NOT NULL,
    created_at TIMESTAMP NOT NULL,
    updated_at TIMESTAMP NOT NULL
);

CREATE INDEX reservations_order ON reservations (order_id, id);
-- For the sweep: what has ended is not in it.
CREATE INDEX reservations_due ON reservations (expires_at) WHERE status = 'active';

CREATE TABLE reservation_lines (
    reservation_id TEXT NOT NULL REFERENCES reservations (id),
    line_no INTEGER NOT NULL,
    product_id TEXT NOT NULL,
    location TEXT NOT NULL,
    quantity BIGINT NOT NULL CHECK (quantity > 0),
    PRIMARY KEY (reservation_id, line_no)
);
