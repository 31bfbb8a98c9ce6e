"""Episodes: from findings to anomalies that open, change and close."""
