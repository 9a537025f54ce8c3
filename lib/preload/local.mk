# joined when the walker is in
