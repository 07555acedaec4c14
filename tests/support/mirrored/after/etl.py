print("version 2")
