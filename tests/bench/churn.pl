# SPDX-License-Identifier: MIT
# Perl making and dropping hashes, arrays and strings: churn.pl ROUNDS
use strict;
use warnings;

my $rounds = shift // 100;
my %words;
my $seed = 42;

sub random
{
	$seed = ($seed * 1103515245 + 12345) % 2147483648;
	return $seed >> 8;
}

for my $round (1 .. $rounds) {
	my %table;
	for my $i (1 .. 400) {
		my $key = join '-', map { sprintf '%x', random() } 1 .. 1 + random() % 4;
		$table{$key} = [ split /-/, $key . ('x' x (random() % 60)) ];
	}
	for my $key (sort keys %table) {
		my @parts = reverse @{ $table{$key} };
		$words{ $parts[0] }++ if length $parts[0] < 6;
		delete $table{$key} if @parts % 2;
	}
	%words = () if keys %words > 5000;
}
printf "%d words\n", scalar keys %words;
