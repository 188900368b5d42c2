"""The pages of the directory's people: teams and invitations."""
