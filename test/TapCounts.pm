# A formatter for prove (--formatter TapCounts): what prove prints, and
# "passed failed" appended to the file $TAP_COUNTS, so that test/run can add
# up. A file that died or kept to no plan counts as a failure even where all
# assertions that it made passed; a skipped assertion counts as neither. Each
# file with a problem follows on a line of its own.
package TapCounts;

use strict;
use warnings;
use parent 'TAP::Formatter::Console';

sub summary
{
	my ($self, $aggregate, @rest) = @_;
	my ($passed, $failed, @bad) = (0, 0);

	$self->SUPER::summary($aggregate, @rest);
	foreach my $file ($aggregate->descriptions)
	{
		my ($parser) = $aggregate->parsers($file);

		$passed += $parser->passed - $parser->skipped;
		$failed += $parser->failed;
		next unless $parser->has_problems;
		$failed++ unless $parser->failed;
		push @bad, $file;
	}
	open my $counts, '>>', $ENV{TAP_COUNTS} or die "$ENV{TAP_COUNTS}: $!";
	print $counts "$passed $failed\n", map { "$_\n" } @bad;
	close $counts or die $!;
	return;
}

1;
