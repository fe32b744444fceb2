# A row that a trigger kept out is linked
#: SUITES=pgtap PGTAP=errors
sed -i 's/if (SPI_processed != 1)$/if (SPI_processed == 0) { SPI_finish(); return near_id; } else if (false)/' src/view/view_row.c
