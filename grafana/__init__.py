"""Dashboards, provisioning and alert rules."""
