"""Tables of cases that leave the portal: asked for, approved, built in pieces, fetched once, gone."""
