# SPDX-License-Identifier: MIT
"""Python parsing, sorting and writing JSON: sort.py FILE. Run with PYTHONMALLOC=malloc."""
import json
import sys

with open(sys.argv[1], encoding="utf-8") as file:
    people = json.load(file)
people.sort(key=lambda person: (person["city"], person["name"]))
cities = {}
for person in people:
    cities.setdefault(person["city"], []).append(person["value"])
totals = {city: sum(values) for city, values in cities.items()}
print(len(json.dumps(people)), len(totals))
