"""What a preview says, as data and as Markdown for people who review it."""
