// SPDX-License-Identifier: MIT
// An ordinary C++ program: strings in containers, streams, shared pointers. Argument: how many.
#include <algorithm>
#include <cstdint>
#include <iostream>
#include <list>
#include <map>
#include <memory>
#include <sstream>
#include <string>
#include <unordered_map>
#include <vector>

int main(int argc, char **argv)
{
	const int count = argc > 1 ? std::stoi(argv[1]) : 1000;
	std::map<std::string, std::vector<int>> by_name;
	std::unordered_map<std::uint32_t, std::shared_ptr<std::string>> by_hash;
	std::list<std::string> recent;

	for (int i = 0; i < count; i++) {
		const std::uint32_t hash = static_cast<std::uint32_t>(i) * 2654435761u;
		std::ostringstream name;
		name << "a name that is longer than what fits into a string itself: " << std::hex << hash % 997;
		by_name[name.str()].push_back(i);
		by_hash[hash] = std::make_shared<std::string>(name.str());
		recent.push_front(name.str());
		if (recent.size() > 100)
			recent.pop_back();
	}
	const auto most = std::max_element(by_name.begin(), by_name.end(), [](const auto &a, const auto &b) {
		return a.second.size() < b.second.size();
	});
	std::cout << most->first << ' ' << most->second.size() << ' ' << by_hash.size() << ' ' << recent.size() << '\n';
	return 0;
}
