# A set with properties is of the links that they speak of, not of pairs
#: SUITES=regress REGRESS="install properties"
sed -i '/^		case M2M_COLUMNS_SET_UNLINK_PROPERTIES/,/^			break/s/^			append_match_values.*//' src/link/link_text_items.c
