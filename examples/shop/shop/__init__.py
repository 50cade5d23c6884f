"""GigGatek's shop, small and runnable: it collects exactly the metrics that its dashboards show."""
