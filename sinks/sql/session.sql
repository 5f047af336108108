-- Limits of every session of DULS.

-- name: set_limits
-- End statements and open transactions of a process that was stopped, so that its locks do not outlive its session.
SET idle_in_transaction_session_timeout = '10s';
SET statement_timeout = '120s';
SET lock_timeout = '30s';
SET work_mem = '64MB';

-- name: limit_transactions
-- End any transaction that takes so long, where the server can (PostgreSQL 17): a process may be stopped at any point of it.
SELECT set_config(known.name, '60s', false) FROM pg_settings AS known WHERE known.name = 'transaction_timeout';

-- name: buffer_session_tables
-- Keep what a flush copies in memory, a country's slot too: 8 MB by default. Before a session table is touched first.
SET temp_buffers = '64MB';

-- name: arm_idle_timer
-- A statement of its own after a pipeline, whose last message disarms idle_in_transaction_session_timeout.
SELECT;
