-- Tokens that were revoked before they expire: every API process has this database, and a mounted secret cannot be written.
-- depends: 0010.api
CREATE TABLE core.revoked_token (
    token_id uuid PRIMARY KEY,
    revoked_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    revoked_by text NOT NULL,
    note text
);
COMMENT ON TABLE core.revoked_token IS 'Tokens of the HTTP API that are not taken any more; kept until each has expired by itself';
COMMENT ON COLUMN core.revoked_token.token_id IS 'Serial of the token, as core.access_log has it';
COMMENT ON COLUMN core.revoked_token.revoked_at IS 'When it was revoked, by the clock of the database';
COMMENT ON COLUMN core.revoked_token.revoked_by IS 'Who revoked it';
COMMENT ON COLUMN core.revoked_token.note IS 'Why';
