-- Messages that leave after their transaction.

-- name: add_message
-- Put a message into the outbox.
INSERT INTO core.outbox (topic, partition, key, value, header_names, header_values)
VALUES (%(topic)s, %(partition)s, %(key)b, %(value)b, %(header_names)s, %(header_values)s::bytea[]);

-- name: take_messages
-- Take the oldest messages that no other relay holds.
SELECT message.id, message.topic, message.partition, message.key, message.value, message.header_names, message.header_values
FROM core.outbox AS message
ORDER BY message.id
LIMIT %(limit)s
FOR UPDATE SKIP LOCKED;

-- name: wait_for_relays
-- Wait until no relay holds a message that is there now; what is left was not sent.
SELECT message.id FROM core.outbox AS message ORDER BY message.id FOR UPDATE;

-- name: delete_messages
-- Remove messages that the broker has acknowledged.
DELETE FROM core.outbox WHERE id = ANY(%(ids)s);
