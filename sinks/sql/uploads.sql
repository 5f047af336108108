-- Keys of uploads through the API.

-- name: is_known
-- Whether an upload of a sender was taken.
SELECT known.upload_key FROM core.upload_key AS known WHERE known.sender = %(sender)s AND known.upload_key = %(key)s;

-- name: note
-- Remember an upload; two at the same moment are one.
INSERT INTO core.upload_key (sender, upload_key) VALUES (%(sender)s, %(key)s) ON CONFLICT DO NOTHING;
