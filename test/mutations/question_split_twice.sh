# What a split has moved off the leaf that was copied is read once more
#: SUITES=isolation ISOLATION="find_splits"
sed -i '/^list_go_right(/,/^}/s/BTPageOpaque opaque = BTPageGetOpaque(list->page);/BTPageOpaque opaque = BTPageGetOpaque(BufferGetPage(list->leaf));/' src/question/index_list.c
