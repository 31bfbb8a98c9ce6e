"""What people look at: dashboards as code. `python -m grafana` writes them to `grafana/dashboards/`."""
