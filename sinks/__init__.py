"""The database: schema, migrations, the flush transaction, snapshots and retention."""
