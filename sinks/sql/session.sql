-- Limits of every session of DULS.

-- name: set_limits
-- End statements and open transactions of a process that was stopped, so that its locks do not outlive its session.
SET idle_in_transaction_session_timeout = '10s';
SET statement_timeout = '120s';
SET lock_timeout = '30s';
SET work_mem = '64MB';
