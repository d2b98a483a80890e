"""From a case to a plan: supply, techniques and deployments, the problem they make, and its solution."""
