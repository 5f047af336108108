-- After the tables are back: what must not be as it was.

-- Processes that ran after the backup had higher epochs, and what they said of zones is still in the compacted topic,
-- where a lower epoch is not believed.
UPDATE core.observation_offset SET epoch = epoch + 1000000, last_flush = 0;

ANALYZE;
