"""Where logs come from: files, rotated and compressed, standard input, the journal; read in blocks of whole lines."""
