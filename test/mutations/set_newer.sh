# m2m_set takes a link that others have unlinked since for one that was kept
#: SUITES=isolation ISOLATION=set_newer
sed -i 's/list_length(m2m_texts_not_among(now_links, after_links))/(list_length(now_links) - list_length(after))/' src/link/link_properties.c
