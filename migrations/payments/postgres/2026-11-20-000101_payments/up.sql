-- Payments and their refunds. The checks are the last guard behind the rules of domains/payments.

CREATE TABLE payments (
    id TEXT NOT NULL PRIMARY KEY,
    order_id TEXT NOT NULL UNIQUE,
    customer_id TEXT NOT NULL,
    status TEXT NOT NULL CHECK (
        status IN ('pending', 'authorized', 'completed', 'failed', 'voided', 'partially_refunded', 'refunded')
    ),
    amount_minor BIGINT NOT NULL CHECK (amount_minor > 0),
    currency TEXT NOT NULL,
    refunded_minor BIGINT NOT NULL,
    provider TEXT NOT NULL,
    provider_key TEXT NOT NULL UNIQUE,
    decline_reason TEXT,
    attempts INTEGER NOT NULL CHECK (attempts >= 0),
    -- The attempt under way: absent once its outcome is recorded.
    attempt_started_at TIMESTAMP,
    attempt_abandoned BOOLEAN NOT NULL,
    -- The idempotency key of the request that waits for the attempt.
    request_scope TEXT,
    request_key TEXT,
    version BIGINT NOT NULL CHECK (version > 0),
    created_at TIMESTAMP NOT NULL,
    updated_at TIMESTAMP NOT NULL,
    CONSTRAINT refunds_within_captured CHECK (refunded_minor >= 0 AND refunded_minor <= amount_minor),
    CONSTRAINT only_the_captured_goes_back CHECK (
        refunded_minor = 0 OR status IN ('partially_refunded', 'refunded')
    ),
    CONSTRAINT attempts_are_of_pending_payments CHECK (attempt_started_at IS NULL OR status = 'pending')
);

CREATE INDEX payments_attempt_started_at ON payments (attempt_started_at) WHERE attempt_started_at IS NOT NULL;

CREATE TABLE refunds (
    id TEXT NOT NULL PRIMARY KEY,
    payment_id TEXT NOT NULL REFERENCES payments (id),
    amount_minor BIGINT NOT NULL CHECK (amount_minor > 0),
    currency TEXT NOT NULL,
    reason TEXT NOT NULL,
    status TEXT NOT NULL CHECK (status IN ('pending', 'completed', 'failed')),
    -- The idempotency key of the request that waits for the refund.
    request_scope TEXT,
    request_key TEXT,
    created_at TIMESTAMP NOT NULL,
    updated_at TIMESTAMP NOT NULL
);

CREATE INDEX refunds_payment_id ON refunds (payment_id);
CREATE INDEX refunds_pending ON refunds (created_at) WHERE status = 'pending';
