# SERIALIZABLE: a leaf page that a question has copied is read
#: SUITES=isolation ISOLATION=find_serializable
perl -0pi -e 's/PredicateLockPage\(lists->index,[^;]*;//' src/question/index_list.c
