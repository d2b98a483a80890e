"""The market: filings and prices, forecasts of spending, and the chain from efficiency to shipments."""
