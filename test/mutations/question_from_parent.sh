# A far place of a list is on the leaf to which the page above it leads
#: SUITES=tap PROVE_TESTS=test/t/questions_random.pl
perl -0pi -e 's/OffsetNumberPrev\(first_beyond\(list, list->parent,/Min(PageGetMaxOffsetNumber(list->parent), first_beyond(list, list->parent,/' src/question/index_list.c
