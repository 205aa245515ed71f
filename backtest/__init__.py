"""Back-tests of daily strategies: pure functions over arrays; nothing here reads a warehouse or draws.

strategies  what to hold, decided at a close     engine    fills at the next open, with costs
metrics     what a curve was worth               trades    what was bought and sold
study       sweep and walk-forward                 restated  decisions on what was known at each close
found       built-in and installed strategies      report    a run as one HTML file
rules       sizes of positions, stops and profits  luck      intervals, and what is left of a Sharpe ratio
bars        what a strategy sees                   prices    what the engine fills at
"""
