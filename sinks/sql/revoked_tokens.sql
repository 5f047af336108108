-- Tokens that were revoked.

-- name: revoke
-- Revoke a token; one that is revoked stays as it is.
INSERT INTO core.revoked_token (token_id, revoked_by, note)
VALUES (%(token_id)s, %(revoked_by)s, %(note)s)
ON CONFLICT DO NOTHING;

-- name: one
-- One revoked token.
SELECT stored.token_id, stored.revoked_at, stored.revoked_by, stored.note
FROM core.revoked_token AS stored
WHERE stored.token_id = %(token_id)s;

-- name: all
-- All revoked tokens, the newest first.
SELECT stored.token_id, stored.revoked_at, stored.revoked_by, stored.note
FROM core.revoked_token AS stored
ORDER BY stored.revoked_at DESC, stored.token_id;

-- name: ids
-- Ids of all revoked tokens.
SELECT stored.token_id FROM core.revoked_token AS stored;

-- name: last_read
-- The last read with a token within thirty days: the log of a year has no index for more.
SELECT log.subject, log.at
FROM core.access_log AS log
WHERE log.token_id = %(serial)s AND log.at > now() - interval '30 days'
ORDER BY log.at DESC
LIMIT 1;
