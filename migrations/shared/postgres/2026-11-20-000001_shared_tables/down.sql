DROP TABLE sagas;
DROP TABLE dead_letters;
DROP TABLE consumer_positions;
DROP TABLE idempotency_keys;
DROP TABLE event_log;
