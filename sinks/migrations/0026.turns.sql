-- Turns: what one process at a time does. Row locks need rights on the row; advisory locks may be taken by any login.
-- depends: 0003.progress
CREATE TABLE core.turn (
    name text PRIMARY KEY,
    holder_pid integer,
    held_since timestamptz,
    server_start timestamptz,
    CHECK ((holder_pid IS NULL) = (held_since IS NULL) AND (holder_pid IS NULL) = (server_start IS NULL))
);
COMMENT ON TABLE core.turn IS 'What one process at a time does: its row is locked for a transaction, or held by a session over several';
COMMENT ON COLUMN core.turn.name IS 'What is done';
COMMENT ON COLUMN core.turn.holder_pid IS 'Session of the server that holds it over several transactions; null: none does';
COMMENT ON COLUMN core.turn.held_since IS 'Since when';
COMMENT ON COLUMN core.turn.server_start IS 'Start of the server that the session is of: after another one its number means nothing';
