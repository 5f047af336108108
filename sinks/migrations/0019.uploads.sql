-- Keys by which suppliers name what they upload through the API.
-- depends: 0002.registry 0010.api
CREATE TABLE core.upload_key (
    sender text NOT NULL,
    upload_key uuid NOT NULL,
    taken_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (sender, upload_key)
);
CREATE INDEX upload_key_taken_at ON core.upload_key (taken_at);
COMMENT ON TABLE core.upload_key IS 'Uploads that were taken, so that one that is sent again is taken once; kept for seven days';
COMMENT ON COLUMN core.upload_key.sender IS 'Whom the token was issued for';
COMMENT ON COLUMN core.upload_key.upload_key IS 'X-Idempotency-Key of the upload';
COMMENT ON COLUMN core.upload_key.taken_at IS 'When the broker had all of it, by the clock of the database';
