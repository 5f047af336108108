-- Turns: what one process at a time does.

-- name: take
-- Wait for whoever has this turn, and have it until the end of the transaction.
SELECT turn.name FROM core.turn AS turn WHERE turn.name = %(name)s FOR UPDATE;

-- name: hold
-- Hold a turn beyond the transaction, unless a session that lives holds it; behind `take`, so that one asks at a time.
-- Numbers of sessions come back after a while: nothing is held for longer than a day.
UPDATE core.turn AS turn
SET holder_pid = pg_backend_pid(), held_since = now(), server_start = pg_postmaster_start_time()
WHERE turn.name = %(name)s
    AND (
        turn.holder_pid IS NULL
        OR turn.holder_pid = pg_backend_pid()
        OR turn.server_start <> pg_postmaster_start_time()
        OR turn.held_since < now() - interval '1 day'
        OR NOT EXISTS (SELECT FROM pg_stat_activity AS session WHERE session.pid = turn.holder_pid)
    )
RETURNING turn.name;

-- name: give_back
-- Hold a turn no longer.
UPDATE core.turn AS turn
SET holder_pid = NULL, held_since = NULL, server_start = NULL
WHERE turn.name = %(name)s AND turn.holder_pid = pg_backend_pid();
