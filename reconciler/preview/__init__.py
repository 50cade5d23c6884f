"""Declared dashboards as static pages: a picture of the declaration, in Grafana's proportions. Pure; invents no
values.
"""
