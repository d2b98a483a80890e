"""The market: filings and prices, forecasts of spending, and the chain from efficiency to shipments.

The map of the room, in reading order: a module leans only on those above it.

::

    facts           what is known of the market, each figure with the first day anyone could read it
      calendar            quarters, halves and years of the calendar
      facts               observations by quarter, statements; `as_of` forgets what came later
      load                the tables that ship
      own_facts           a user's tables of the same form, held against the shipped ones
      filings             the SEC's companyfacts JSON, read fact by fact
      periods             how long a filed period is, and to which quarter it belongs
      bases               what a figure counts: gross or net of proceeds, with leases or without
      vintages            the quarters that one concept gives, and from which day each was known
      quarters            filed facts -> observations by calendar quarter, or a reason why not
      annual              yearly totals, against which four quarters are held

    prices          a fall, what it cost, and which fall a headline means
      prices              daily prices, refused with a gap or a split that nobody adjusted for
      drawdown            falls from a peak on every basis, value lost
      price_walk          a random walk to a day that has not come
      rates               exchange rates of a day
      shares              counts of shares, and which of them a loss may rest on
      headline            "-23.8% 893.1bn" as what it may have been before it was rounded
      headline_search     every pair of days, bases and counts that gives a headline

    spending        what the large buyers spend, and what comes next
      baskets             which companies are added up
      cycles              turning points (Bry-Boschan), and how late they are known
      growth_phases       lengths of completed phases of growth
      simple_rules        rules and library models that a forecast must beat
      scores              CRPS, Brier, interval scores, coverage, paired tests
      intervals           widths from past errors
      members             what a recipe averages
      declarations        the recipes as declared; `CURRENT` is the one that forecasts
      recipe              the forecast: median, draws, interval
      rolling             the recipe and its rivals at every quarter of the past
      surprise            actual against guidance, consensus and rules

    chain           efficiency -> demand -> orders -> limits -> shipments -> money, over draws
      kinds               chips, buyers, limits and tiers: how the arrays are laid out
      priors              what is believed of each parameter, by vintage; `set`
      sampling            draws from priors, a stream each
      demand              rebound and budgets -> orders in money
      mix                 orders by kind of chip
      supply              five limits, and what a chip uses of each
      shipments           who gets what where limits bind, and what waits
      money               spending by tier, vendor revenue
      chain_result        what a run says
      chain               the run
      limits_worth        what one more unit of a limit would ship

    racks           published forecasts of racks: a forecast apart from the chain
      rack_statements     forecasts, what replaced them, past errors, outcomes
      published           the pool
      rival_racks         single forecasts, scored as the pool is
      rack_forecasts      all of it as one document

    rebound, value  what decides the article, and what the shares say
      break_even          g^(elasticity - 1): the break-even and the fan
      evidence            what was public about the elasticity and the gain
      value               discounted cash flow and its inverse
      implied             the growth that prices imply, the value under draws
      polynomial_chaos    an output as terms whose variances add up
      sensitivity         Sobol and Shapley effects from given draws
      drivers             which inputs drive the spread of a run

    claims          who said what, our probability then, the verdict by the data now
      ledger              a claim and its tests
      claim_series        the series that a claim may speak of
      ledger_fields       fields of the YAML, each with its place
      ledger_conditions   a range, a bound, a direction, as written
      ledger_file         YAML -> claims
      observed            what was seen of a series, or what is missing; the book of a day
      observed_prices     seen: falls, value lost, changes of prices
      observed_racks      seen: racks, by what was published afterwards
      observed_spending   seen: spending, growth, phases
      verdicts            holds, fails, undecided, open, not scorable
      claim_forecasts     who forecasts what, asked once
      claim_draws         draws of each series
      claim_probabilities share of draws in which all tests hold
      claim_scores        ours, the rules and the rivals against one outcome
      claim_moves         which new fact moved which probability
      claims              a ledger judged, as one document
      declared_forecasts  the forecasts that the product gives claims

    together
      outlook             the market as of a day
      replay              what was said on a day against what came
      supply_links        how tight supply is -> prices, rents and weeks that a buyer meets
      scenarios           a few futures of supply in place of many draws
"""
