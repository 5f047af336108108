"""The City Dashboard: weeks and years for planners, k-safe, with the nine Birds Eye views."""

from grafana.city_dashboard.board import city_dashboard

__all__ = ["city_dashboard"]
