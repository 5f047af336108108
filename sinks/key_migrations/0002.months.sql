-- Month keys for visitor types: none of them is made unless `privacy.month_key` asks for it.
-- depends: 0001.keys
CREATE TABLE keys.month_row (
    month date PRIMARY KEY CHECK (extract(day FROM month) = 1),
    wrapped_key bytea,
    made_at timestamptz NOT NULL,
    destroy_after timestamptz NOT NULL
);
COMMENT ON TABLE keys.month_row IS 'Keys by which vehicles are known over the days of a local month; never changed but by destruction';
COMMENT ON COLUMN keys.month_row.month IS 'First day of the local month of the event, Europe/Amsterdam';
COMMENT ON COLUMN keys.month_row.wrapped_key IS 'AES-GCM nonce and ciphertext of the random key; null once destroyed';
COMMENT ON COLUMN keys.month_row.made_at IS 'When the key was made';
COMMENT ON COLUMN keys.month_row.destroy_after IS 'Eight days after the month, or after the making where that was later';

ALTER TABLE keys.key_audit ADD COLUMN kind text NOT NULL DEFAULT 'day' CHECK (kind IN ('day', 'month'));
COMMENT ON COLUMN keys.key_audit.day IS 'Day of the key; of a month its first one';
COMMENT ON COLUMN keys.key_audit.kind IS 'Whether it is the key of a day or of a month';
