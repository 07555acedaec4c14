print("version 1")
