// SPDX-License-Identifier: MIT
// What the C++ compiler is given to compile: all of <regex>, and enough use of it to instantiate most.
#include <iterator>
#include <regex>
#include <string>

std::size_t matches(const std::string &text, const std::string &pattern);

std::size_t matches(const std::string &text, const std::string &pattern)
{
	const std::regex expression(pattern);
	const std::sregex_iterator first(text.begin(), text.end(), expression), last;

	return static_cast<std::size_t>(std::distance(first, last));
}
