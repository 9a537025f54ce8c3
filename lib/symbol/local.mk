# lib/symbol
