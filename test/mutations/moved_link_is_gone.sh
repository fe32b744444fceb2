# A link that a trigger keeps from where it is moved to is gone
#: SUITES=pgtap PGTAP=errors
sed -i '/^m2m_row_relink(/,/^}/s/if (!linked)$/if (false \&\& !linked)/' src/view/view_relink.c
