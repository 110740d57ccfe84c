import json, os, subprocess, sys, tempfile, yaml
with tempfile.TemporaryDirectory() as place:
    file = os.path.join(place, "compose.yml")
    with open(file, "w") as out:
        json.dump({"version": "3", "services": {"s": {"image": "x", "env_file": os.path.abspath(sys.argv[1])}}}, out)
    shown = subprocess.run(["docker-compose", "-f", file, "config"], stdout=subprocess.PIPE, check=True).stdout
found = yaml.safe_load(shown)["services"]["s"]["environment"]
print(json.dumps([found["V%d" % index].replace("$$", "$") for index in range(len(found))]))
