-- The simulator's own ledger: what the provider knows, whatever the shop believes.

CREATE TABLE IF NOT EXISTS charges (
    key TEXT NOT NULL PRIMARY KEY,
    token TEXT NOT NULL,
    amount_minor BIGINT NOT NULL CHECK (amount_minor >= 0),
    currency TEXT NOT NULL,
    status TEXT NOT NULL CHECK (status IN ('authorized', 'captured', 'voided', 'declined')),
    captured_minor BIGINT NOT NULL,
    refunded_minor BIGINT NOT NULL,
    decline_reason TEXT,
    created_at TIMESTAMP NOT NULL,
    updated_at TIMESTAMP NOT NULL,
    CHECK (0 <= refunded_minor AND refunded_minor <= captured_minor AND captured_minor <= amount_minor)
);

CREATE TABLE IF NOT EXISTS refunds (
    key TEXT NOT NULL PRIMARY KEY,
    charge_key TEXT NOT NULL REFERENCES charges (key),
    amount_minor BIGINT NOT NULL CHECK (amount_minor > 0),
    currency TEXT NOT NULL,
    created_at TIMESTAMP NOT NULL
);

-- What is to be told to whoever listens: written with what happened, sent afterwards.
CREATE TABLE IF NOT EXISTS webhooks (
    id TEXT NOT NULL PRIMARY KEY,
    body TEXT NOT NULL,
    status TEXT NOT NULL CHECK (status IN ('new', 'held_back', 'failed', 'delivered', 'dropped', 'given_up')),
    attempts INTEGER NOT NULL,
    next_attempt_at TIMESTAMP,
    created_at TIMESTAMP NOT NULL
);

CREATE INDEX IF NOT EXISTS webhooks_due ON webhooks (next_attempt_at) WHERE next_attempt_at IS NOT NULL;
