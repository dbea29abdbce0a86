"""The fixes: planned without touching anything, shown as a diff, applied with backups, taken back."""
