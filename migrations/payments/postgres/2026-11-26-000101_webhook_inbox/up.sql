-- What the payment provider told us, from the moment it was acknowledged until it is forgotten.

CREATE TABLE webhook_inbox (
    provider TEXT NOT NULL,
    event_id TEXT NOT NULL,
    event_type TEXT NOT NULL,
    body TEXT NOT NULL,
    status TEXT NOT NULL CHECK (status IN ('received', 'waiting', 'applied', 'ignored', 'quarantined')),
    -- Why it waits, or what came of it.
    reason TEXT NOT NULL,
    -- The payment without which it makes no sense, as long as there is none.
    waits_for TEXT,
    attempts INTEGER NOT NULL CHECK (attempts >= 0),
    received_at TIMESTAMP NOT NULL,
    next_attempt_at TIMESTAMP,
    ended_at TIMESTAMP,
    PRIMARY KEY (provider, event_id),
    CONSTRAINT it_is_due_or_it_has_ended CHECK ((next_attempt_at IS NULL) = (ended_at IS NOT NULL)),
    CONSTRAINT the_status_tells_whether_it_has_ended CHECK (
        (ended_at IS NULL) = (status IN ('received', 'waiting'))
    )
);

CREATE INDEX webhook_inbox_due ON webhook_inbox (next_attempt_at) WHERE next_attempt_at IS NOT NULL;
CREATE INDEX webhook_inbox_waits_for ON webhook_inbox (waits_for) WHERE waits_for IS NOT NULL;
CREATE INDEX webhook_inbox_ended ON webhook_inbox (ended_at) WHERE ended_at IS NOT NULL;
