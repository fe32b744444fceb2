# A link that is as asked was not changed, and has no new time
#: SUITES=regress REGRESS="install properties"
sed -i '/^build_change_items/,/^}/s/ AND NOT pg_catalog.record_image_eq(ROW(%s), ROW(%s))/ AND ROW(%s) IS NOT DISTINCT FROM ROW(%s) OR true/' src/link/link_text_items.c
