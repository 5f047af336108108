"""The boards of DULS as code: pure functions from words and queries to Grafana's JSON, which is committed in `built`.

`python -m grafana.build` makes the files, with the extra `boards`. Running and pushing them (`grafana.committed`,
`grafana.data_sources`) needs the committed files only.
"""
