"""Cases: from anomalies to work orders, notices, billing holds and the trail of what was decided."""
