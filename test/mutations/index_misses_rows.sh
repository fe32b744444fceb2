# An index misses the rows of a batch
#: SUITES=regress REGRESS="install direct"
sed -i '/^finish_sorted/,/^}/s/sorted->index != NULL \&\& i < group->count/sorted->index != NULL \&\& i < group->count - 1/' src/direct/link_batch.c
