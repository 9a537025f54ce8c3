# lib/preload
